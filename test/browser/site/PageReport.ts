import { type StoreAnswers } from './StoreAnswers.js';
import { type Answers } from './training.js';

/** What a page or its worker found, and tells the server. */
export type PageReport =
  | (Answers & {
      readonly status: 'done';
      readonly backend: string;
      /** Whether code from strings is refused here. */
      readonly strict: boolean;
    })
  | (StoreAnswers & { readonly status: 'read' })
  /** The browser has no such backend. */
  | { readonly status: 'absent'; readonly reason: string }
  | { readonly status: 'failed'; readonly reason: string };
