import { Frame } from '../../kit/parts';

export default function Clusters() {
  return <Frame title="Clusters">…</Frame>;
}
