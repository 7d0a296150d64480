import { Frame } from '../../kit/parts';

export default function Fleet() {
  return <Frame title="Fleet">…</Frame>;
}
