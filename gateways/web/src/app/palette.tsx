export default function Palette({ close }: { mode: 'commands' | 'search'; close: () => void }) {
  void close;
  return null;
}
