/** Toasts: what was recorded, with the way to its event. */
import { Alert, AlertActionCloseButton, AlertGroup } from '@patternfly/react-core';
import { createContext, type ReactNode, useCallback, useContext, useMemo, useState } from 'react';
import { Link } from 'react-router';

interface Toast {
  key: number;
  title: string;
  position: number;
}

interface Toasts {
  /** Something was recorded, and stands at this position of the ledger. */
  recorded: (title: string, position: number) => void;
}

const Context = createContext<Toasts>({ recorded: () => undefined });
let keys = 0;

export function useToasts(): Toasts {
  return useContext(Context);
}

export function ToastRoom({ children }: { children: ReactNode }) {
  const [toasts, setToasts] = useState<Toast[]>([]);
  const close = useCallback((key: number) => setToasts((all) => all.filter((toast) => toast.key !== key)), []);
  const api = useMemo<Toasts>(
    () => ({ recorded: (title, position) => setToasts((all) => [...all.slice(-3), { key: ++keys, title, position }]) }),
    [],
  );
  return (
    <Context.Provider value={api}>
      {children}
      <AlertGroup isToast isLiveRegion aria-label="Recorded commands">
        {toasts.map(({ key, title, position }) => (
          <Alert
            key={key}
            component="p"
            variant="success"
            title={title}
            timeout={12_000}
            onTimeout={() => close(key)}
            actionClose={<AlertActionCloseButton title={title} onClose={() => close(key)} />}
            actionLinks={
              position > 0 && (
                <Link to={`/audit/at/${position}`} onClick={() => close(key)}>
                  See the recorded event
                </Link>
              )
            }
          />
        ))}
      </AlertGroup>
    </Context.Provider>
  );
}
