/** Health as a ring. What it shows is said by what it stands in. */
import { ChartDonut } from '@patternfly/react-charts/victory';

import { count, HEALTHS, word } from '../../../kit/words';

const COLOURS: Record<string, string> = {
  unreachable: 'var(--pf-t--global--color--status--danger--default)',
  degraded: 'var(--pf-t--global--color--status--warning--default)',
  unknown: 'var(--pf-t--global--color--nonstatus--gray--default)',
  healthy: 'var(--pf-t--global--color--status--success--default)',
};

export default function Donut({ byHealth, total }: { byHealth: Record<string, number>; total: number }) {
  const data = HEALTHS.map((health) => ({ x: word(health), y: byHealth[health] ?? 0, health })).filter(({ y }) => y > 0);
  return (
    <ChartDonut
      allowTooltip={false}
      labels={() => null}
      name="fleet-health"
      data={data}
      colorScale={data.map(({ health }) => COLOURS[health] ?? '')}
      padAngle={data.length > 1 ? 2 : 0}
      title={count(total)}
      subTitle={total === 1 ? 'cluster' : 'clusters'}
      width={160}
      height={160}
      padding={4}
    />
  );
}
