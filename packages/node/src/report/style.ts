/** The page's looks: light and dark, wide and narrow. Charts take their colours from these variables. */
export const STYLE = `
:root { color-scheme: light dark; --text: #1c1e21; --muted: #5c6370; --line: #d9dce1; --page: #fff; --card: #f6f7f9;
  --alone: #b8500f; --distilled: #1565b5; --teacher: #5c6370;
  --term0: #1565b5; --term1: #b8500f; --term2: #0b7d6b; --term3: #8a4fa8; --term4: #8a6d00; --term5: #5c6370; }
@media (prefers-color-scheme: dark) { :root { --text: #e6e8eb; --muted: #a3acb8; --line: #3a3f47; --page: #15181c;
  --card: #1d2126; --alone: #f0945a; --distilled: #6cb2f5; --teacher: #a3acb8;
  --term0: #6cb2f5; --term1: #f0945a; --term2: #4fc7b2; --term3: #cf9be8; --term4: #dcbf55; --term5: #a3acb8; } }
* { box-sizing: border-box; }
body { font: 16px/1.5 system-ui, sans-serif; color: var(--text); background: var(--page); max-width: 72rem;
  margin: 2rem auto; padding: 0 1rem; overflow-wrap: break-word; }
h1 { font-size: 1.7rem; line-height: 1.25; margin: 0; }
h2 { font-size: 1.2rem; margin: 2.5rem 0 .75rem; }
h3 { font-size: 1rem; margin: 0; }
.finding { font-size: 1.15rem; max-width: 48rem; }
.note, figcaption p { color: var(--muted); font-size: .875rem; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-size: .9375rem; }
th, td { padding: .35rem 1.1rem .35rem 0; border-bottom: 1px solid var(--line); text-align: right;
  font-variant-numeric: tabular-nums; white-space: nowrap; }
th:first-child { text-align: left; font-weight: 600; }
thead th { color: var(--muted); font-weight: 500; vertical-align: bottom; }
.settings td { text-align: left; white-space: normal; }
.charts { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(27rem, 100%), 1fr)); gap: 1.25rem; }
figure { margin: 0; padding: 1rem; background: var(--card); border-radius: .5rem; min-width: 0;
  display: flex; flex-direction: column; }
figcaption p { margin: .25rem 0 .75rem; }
.chart { display: block; width: 100%; max-width: 32rem; height: auto; margin: auto; }
.legend { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; list-style: none; margin: 0 0 .75rem; padding: 0; font-size: .875rem; }
.swatch { display: inline-block; width: .75rem; height: .75rem; border-radius: 50%; margin-right: .4rem; }
details { margin-top: .75rem; font-size: .875rem; }
summary { cursor: pointer; color: var(--muted); }
:focus-visible { outline: 2px solid var(--distilled); outline-offset: 2px; }
pre { background: var(--card); padding: 1rem; border-radius: .5rem; overflow-x: auto; font-size: .8125rem; }
@media (max-width: 40rem) {
  body { margin-top: 1.25rem; }
  table { font-size: .8125rem; }
  th, td { padding-right: .6rem; }
  th { white-space: normal; }
  .results { font-size: .75rem; width: 100%; }
  .results th, .results td { padding-right: .35rem; }
  .results td { white-space: normal; }
}
@media print { details { display: none; } figure { break-inside: avoid; } }
`;
