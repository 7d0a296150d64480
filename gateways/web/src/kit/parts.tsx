/** Small parts that every area shows alike. */
import { Label, PageSection, Title, Tooltip } from '@patternfly/react-core';
import CheckCircleIcon from '@patternfly/react-icons/dist/esm/icons/check-circle-icon';
import ExclamationCircleIcon from '@patternfly/react-icons/dist/esm/icons/exclamation-circle-icon';
import ExclamationTriangleIcon from '@patternfly/react-icons/dist/esm/icons/exclamation-triangle-icon';
import QuestionCircleIcon from '@patternfly/react-icons/dist/esm/icons/question-circle-icon';
import { type ReactNode, useEffect } from 'react';
import { Link, type To } from 'react-router';

import { TITLE, useArrival } from './arrival';
import { PastBanner, useMoment } from './past';
import { ago, at, type Health, word } from './words';

interface FrameProps {
  title: string;
  /** What the browser's tab says where the heading alone would not tell this page from another. */
  tab?: string;
  about?: ReactNode;
  actions?: ReactNode;
  children: ReactNode;
}

/** The frame of every page: its heading, what can be done, the banner of the past, and the title of the tab. */
export function Frame({ title, tab = title, about, actions, children }: FrameProps) {
  const moment = useMoment();
  const past = moment.asOf !== undefined;
  useEffect(() => {
    document.title = `${tab}${past ? ', in the past' : ''} · ClusterMaster`;
  }, [tab, past]);
  useArrival();
  return (
    <>
      <PastBanner moment={moment} />
      <PageSection className="cm-head" hasBodyWrapper={false}>
        <div>
          <Title headingLevel="h1" id={TITLE} tabIndex={-1}>
            {title}
          </Title>
          {about && <div className="cm-subtle">{about}</div>}
        </div>
        {actions && <div className="cm-actions">{actions}</div>}
      </PageSection>
      <PageSection isFilled>{children}</PageSection>
    </>
  );
}

const HEALTH: Record<Health, { status?: 'success' | 'warning' | 'danger'; icon: ReactNode }> = {
  healthy: { status: 'success', icon: <CheckCircleIcon /> },
  degraded: { status: 'warning', icon: <ExclamationTriangleIcon /> },
  unreachable: { status: 'danger', icon: <ExclamationCircleIcon /> },
  unknown: { icon: <QuestionCircleIcon /> },
};

/** Never by colour alone. */
export function HealthLabel({ health }: { health: string }) {
  const { status, icon } = HEALTH[health as Health] ?? HEALTH.unknown;
  return (
    <Label variant="outline" isCompact icon={icon} {...(status ? { status } : {})}>
      {word(health)}
    </Label>
  );
}

export function StatusLabel({ status }: { status: string }) {
  const color = /fail/.test(status) ? 'red' : /ing$/.test(status) ? 'blue' : status === 'active' ? 'green' : 'grey';
  return (
    <Label isCompact color={color}>
      {word(status)}
    </Label>
  );
}

export function OutcomeLabel({ outcome }: { outcome: string }) {
  const color = outcome === 'succeeded' ? 'green' : outcome === 'refused' ? 'orange' : 'red';
  return (
    <Label isCompact variant="outline" color={color}>
      {word(outcome)}
    </Label>
  );
}

/** A moment: how long ago, and exactly when. */
export function When({ time }: { time: string | null | undefined }) {
  if (!time) return <span className="cm-subtle">never</span>;
  return (
    <Tooltip content={at(time)}>
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- the exact moment is for the keyboard as well */}
      <time dateTime={time} tabIndex={0}>
        {ago(time)}
      </time>
    </Tooltip>
  );
}

/** Heard and not seen: what tells one of many alike from the others. */
export function Hidden({ children }: { children: ReactNode }) {
  return <span className="cm-visually-hidden">{children}</span>;
}

/** A link within the interface that looks like one of PatternFly's buttons. */
export function ButtonLink({ to, variant = 'primary', children }: { to: To; variant?: 'primary' | 'secondary' | 'link'; children: ReactNode }) {
  return (
    <Link to={to} className={`pf-v6-c-button pf-m-${variant}`}>
      <span className="pf-v6-c-button__text">{children}</span>
    </Link>
  );
}

/** A value as code, in one line or as a block that scrolls. */
export function Json({ value, label }: { value: unknown; label: string }) {
  return (
    // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a scrolling region has to be reached
    <pre className="cm-json cm-scroll" tabIndex={0} role="region" aria-label={label}>
      {JSON.stringify(value, null, 2)}
    </pre>
  );
}
