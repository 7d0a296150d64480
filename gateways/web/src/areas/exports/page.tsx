import { Frame } from '../../kit/parts';

export default function Exports() {
  return <Frame title="Exports">…</Frame>;
}
