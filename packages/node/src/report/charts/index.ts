import { type RunRecord } from '../../run/RunRecord.js';
import { type Chart } from './Chart.js';
import { confidenceChart, reliabilityChart } from './confidenceChart.js';
import { confusionChart } from './confusionChart.js';
import { accuracyChart, gradientChart, lossCharts } from './curveChart.js';
import { latencyChart } from './latencyChart.js';
import { sizeChart } from './sizeChart.js';

/** The pictures that a run's numbers allow, in the order of the page. */
export function chartsOf(record: RunRecord): Chart[] {
  const charts = [
    accuracyChart(record),
    ...lossCharts(record),
    gradientChart(record),
    confidenceChart(record),
    reliabilityChart(record),
    confusionChart(record),
    sizeChart(record),
    latencyChart(record),
  ];
  return charts.filter((chart) => chart !== undefined);
}
