/** Small pictures of the three steps, in the colours of the theme. What they show stands beside them in words. */
import type { ReactNode } from 'react';

function Picture({ children }: { children: ReactNode }) {
  return (
    <svg className="cm-fleet-picture" viewBox="0 0 160 96" aria-hidden focusable="false">
      {children}
    </svg>
  );
}

/** A cluster comes to the hub. */
export function ImportPicture() {
  return (
    <Picture>
      <path className="cm-fleet-line" d="M22 30 40 20l18 10v20L40 60 22 50Zm0 0 18 10m0 20V40m18-10L40 40" />
      <path className="cm-fleet-accent-line" d="M68 42h28m-9-8 9 8-9 8" />
      <rect className="cm-fleet-soft" x="104" y="16" width="38" height="56" rx="4" />
      <path className="cm-fleet-line" d="M104 34h38m-38 19h38M111 25h10m-10 19h10m-10 19h10" />
      <circle className="cm-fleet-good" cx="134" cy="25" r="3" />
      <circle className="cm-fleet-good" cx="134" cy="44" r="3" />
      <circle className="cm-fleet-accent" cx="134" cy="63" r="3" />
      <path className="cm-fleet-line" d="M18 82h124" />
    </Picture>
  );
}

/** Somebody looks at how it is. */
export function LookPicture() {
  return (
    <Picture>
      <rect className="cm-fleet-soft" x="18" y="14" width="104" height="66" rx="4" />
      <path className="cm-fleet-line" d="M18 28h104M26 21h2m6 0h2m6 0h2" />
      <path className="cm-fleet-accent-line" d="M28 62h14l6-18 10 28 8-16h12" />
      <circle className="cm-fleet-lens" cx="112" cy="56" r="18" />
      <path className="cm-fleet-line" d="m125 69 14 15" />
      <path className="cm-fleet-good-line" d="m104 56 6 6 11-12" />
    </Picture>
  );
}

/** Entries hang together, and a seal covers them. */
export function ProofPicture() {
  return (
    <Picture>
      <rect className="cm-fleet-soft" x="14" y="56" width="28" height="22" rx="3" />
      <rect className="cm-fleet-soft" x="52" y="56" width="28" height="22" rx="3" />
      <rect className="cm-fleet-soft" x="90" y="56" width="28" height="22" rx="3" />
      <path className="cm-fleet-line" d="M20 64h16m-16 7h10m28-7h16m-16 7h10m28-7h16m-16 7h10M42 67h10m28 0h10" />
      <path className="cm-fleet-accent-line" d="M28 56V40h38v16M66 40V24h38v32" />
      <circle className="cm-fleet-lens" cx="128" cy="28" r="15" />
      <path className="cm-fleet-good-line" d="m121 28 5 5 9-10" />
      <path className="cm-fleet-line" d="m121 42-3 14 10-5 10 5-3-14" />
    </Picture>
  );
}
