/** What a piece of work will take, and where the time goes. */
export interface Prediction {
  readonly workers: number;
  readonly samples: number;
  /** Until all is done. */
  readonly seconds: number;
  /** The same seconds by what they are spent on, from the view of one worker. */
  readonly spent: Readonly<Record<string, number>>;
  /** Seconds of all machines together: what is paid for. */
  readonly workerSeconds: number;
  /** Time of one worker ÷ (workers · time): the share of the workers' time that is of use, 0 to 1. */
  readonly efficiency: number;
}

export const sum = (spent: Readonly<Record<string, number>>): number =>
  Object.values(spent).reduce((total, seconds) => total + seconds, 0);
