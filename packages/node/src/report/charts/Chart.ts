/** One line of a legend. */
export interface LegendEntry {
  readonly label: string;
  /** Of CSS: one of the page's variables. */
  readonly color: string;
}

/** A picture of a report, with what it says for those who do not see it. */
export interface Chart {
  readonly title: string;
  /** One or two sentences: what is drawn, how to read it. */
  readonly caption: string;
  /** In the page, not in the picture: text there would shrink with it. Empty where the picture names all. */
  readonly legend: readonly LegendEntry[];
  /** Vega-Lite, without what all charts share. */
  readonly spec: object;
  /** The numbers drawn: heads, then rows. */
  readonly cells: readonly (readonly string[])[];
}
