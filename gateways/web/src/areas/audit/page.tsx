import { Frame } from '../../kit/parts';

export default function Audit() {
  return <Frame title="Audit">…</Frame>;
}
