import { type StoreAnswers } from './StoreAnswers.js';
import { type Answers } from './training.js';

/** What a page or its worker found. */
export type Outcome =
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

/** What the page tells the server. */
export type PageReport = Outcome & {
  /** Longest task of the main thread while a worker trained, milliseconds; tasks below 50 count as 0. */
  readonly longestTask: number;
};
