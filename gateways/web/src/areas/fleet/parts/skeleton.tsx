/** What stands there before the first answer, of the size of what will. */
import { Card, CardBody, CardTitle, Skeleton } from '@patternfly/react-core';

export function FleetSkeleton() {
  return (
    <div className="cm-fleet-page">
      <div className="cm-fleet-glance">
        <Waiting name="cm-fleet-health" lines={5} text="The fleet is loading" />
        <Waiting lines={5} />
        <Waiting lines={5} />
      </div>
      <div className="cm-fleet-columns">
        <Waiting name="cm-fleet-attention" lines={7} />
        <Card isCompact className="cm-fleet-map">
          <CardTitle>
            <Skeleton width="30%" />
          </CardTitle>
          <CardBody>
            <HeatSkeleton />
          </CardBody>
        </Card>
        <Waiting name="cm-fleet-activity" lines={7} />
      </div>
    </div>
  );
}

function Waiting({ name = '', lines, text }: { name?: string; lines: number; text?: string }) {
  return (
    <Card isCompact className={name}>
      <CardTitle>
        <Skeleton width="40%" screenreaderText={text} />
      </CardTitle>
      <CardBody className="cm-fleet-waiting">
        {Array.from({ length: lines }, (_, line) => (
          <Skeleton key={line} />
        ))}
      </CardBody>
    </Card>
  );
}

export function HeatSkeleton() {
  return <Skeleton className="cm-fleet-heat-waiting" height="24rem" screenreaderText="The clusters are loading" />;
}
