/** An evidence report: one page of HTML that needs nothing else, without scripts, to be kept, printed, and checked elsewhere. */
import type { Entry } from './queries';
import { proofName } from './save';
import { stations, verdict } from './verify/stations';
import type { Report } from './verify/verify';
import { HUB_KEY } from './verify/words';

const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

export function escaped(text: string): string {
  return text.replaceAll(/[&<>"']/g, (letter) => ENTITIES[letter] ?? '');
}

/** What was built by `html` goes in as it is; everything else is escaped. */
class Html {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

function html(parts: TemplateStringsArray, ...values: (string | Html | Html[])[]): Html {
  const written = values.map((value) => (Array.isArray(value) ? value.map((one) => one.text).join('\n') : value instanceof Html ? value.text : escaped(value)));
  return new Html(parts.map((part, index) => part + (written[index] ?? '')).join(''));
}

const STATUS = { holds: '✓ holds', fails: '✕ FAILS', skipped: '– could not be done' } as const;

export function evidence(entry: Entry, report: Report, proof: string, now: Date): string {
  const said = verdict(report);
  // Whoever reads it is not who made it.
  const title = report.proven && report.trust === 'held' ? 'Proven by a key that the maker of this report held' : said.title;
  const text = said.text.replace('the key that you hold', 'that key');
  const file = proofName(entry);
  const fact = (name: string, value: string | number | null) => html`<tr><th scope="row">${name}</th><td>${value === null ? 'none was given' : String(value)}</td></tr>`;
  const steps = stations(report).map(
    ({ title, about, step, hashes }) => html`<li class="${step.status}">
<h3>${title}: ${STATUS[step.status]}</h3>
${step.fault ? html`<p><strong>${step.fault} ${step.meaning ?? ''}</strong></p>` : html``}
<p>${about}</p>
${hashes.map(
  ({ of, computed, expected }) => html`<table><caption>Hash of ${of}</caption>
${computed ? fact('Computed', computed) : html``}
${expected ? fact(computed ? 'Expected' : 'Given', expected) : html``}</table>`,
)}
</li>`,
  );
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Evidence: entry ${String(entry.sequence)} of the audit log</title>
<style>
body { max-width: 52rem; margin: 2rem auto; padding: 0 1rem; font: 1rem/1.5 system-ui, sans-serif; color: #151515; background: #fff; }
h1, h2, h3 { line-height: 1.25; break-after: avoid; } h3 { font-size: 1rem; margin-bottom: 0; }
table { width: 100%; border-collapse: collapse; margin: .5rem 0; } caption { text-align: left; color: #4d4d4d; }
th { width: 10rem; font-weight: 600; text-align: left; vertical-align: top; }
th, td { padding: .2rem .5rem .2rem 0; border-bottom: 1px solid #d2d2d2; }
td, code, pre { font-family: ui-monospace, monospace; font-size: .8125rem; overflow-wrap: anywhere; }
pre { padding: .75rem; background: #f2f2f2; white-space: pre-wrap; }
.verdict { padding: .75rem 1rem; border: 2px solid; } .verdict.proven { border-color: #3d7317; } .verdict.failed, li.fails { border-color: #b1380b; }
li { break-inside: avoid; margin-bottom: .75rem; } li.fails { padding: .5rem; border: 2px solid #b1380b; }
@media print { body { margin: 0; max-width: none; } pre { background: none; border: 1px solid #d2d2d2; } }
</style>
</head>
<body>
<h1>Evidence: entry ${String(entry.sequence)} of the audit log</h1>
<p>Made on ${now.toISOString()} in a browser, from what the hub answered. This page holds nothing but text: it needs no network and runs no program.</p>
<div class="verdict ${report.proven ? 'proven' : 'failed'}"><h2>${title}</h2><p>${text}</p></div>

<h2>The entry</h2>
<table>
${[
  fact('Event', entry.event_type),
  fact('Summary', entry.summary),
  fact('Who', entry.actor),
  fact('Recorded at', entry.recorded_at),
  fact('Command', entry.action),
  fact('Target', entry.target_id),
  fact('Outcome', entry.outcome),
  fact('Reason', entry.reason),
  fact('Change request', entry.change_request),
  fact('Caused by', entry.caused_by),
  fact('Request id', entry.request_id),
  fact('Trace id', entry.trace_id),
  fact('Id', entry.id),
  fact('Place', `${entry.sequence} in the tenant’s ledger (from 0), position ${entry.position} in the hub’s`),
]}
</table>
<p>Summary, outcome and target are the hub’s words for the body; what was hashed is below.</p>
<h3>Body of the event</h3>
<pre>${JSON.stringify(entry.payload, null, 2)}</pre>

<h2>What was computed</h2>
<p>Hashes (SHA-256) by ${report.hashesBy}; signatures (Ed25519) by ${report.signaturesBy}.</p>
<ol>
${steps}
</ol>

<h2>The checkpoint, as it was signed</h2>
<pre>${report.proof?.checkpoint ?? 'It could not be read.'}</pre>

<h2>The verifier key</h2>
<pre>${report.key ?? 'There was none.'}</pre>
<p>${report.trust === 'held' ? html`It was brought by the person who made this report, and not by the hub. A hub that rewrote its ledger and signed it with another key would have been found out.` : html`${HUB_KEY}`}</p>

<h2>How to check this without the hub</h2>
<ol>
<li>Save the text under “The proof” below as <code>${file}</code>, or take the file of that name which the hub hands out.</li>
<li>Take the verifier key from where <em>you</em> keep it, not from this page, into a file <code>hub.key</code>.</li>
<li>Run either program; they share no code. Each ends with 0 when the proof holds and with 1 when it does not.
<pre>clustermaster-audit check ${file} --key hub.key
python3 verify.py proof ${file} --key hub.key</pre></li>
<li>Compare what <code>clustermaster-audit check ${file} --key hub.key --json</code> prints with the entry above.</li>
</ol>
<p>If the hub’s signing key was replaced since you kept yours, give the programs the note of that change, too: <code>--rotation FILE</code>, from <code>GET /api/v1/ledger/keys</code>.</p>

<h2>The proof</h2>
<pre>${proof}</pre>
</body>
</html>
`;
  return page.text;
}
