import { Frame } from '../../kit/parts';

export default function Settings() {
  return <Frame title="Settings">…</Frame>;
}
