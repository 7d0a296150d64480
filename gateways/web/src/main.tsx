import '@patternfly/react-core/dist/styles/base.css';
import './app/styles.css';
// From the first page on: who chose no theme follows the system.
import './app/theme';

import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';

import { prefix } from './api/base';
import { App } from './app/app';
import { preloadArea } from './app/areas';

preloadArea(location.pathname.slice(prefix.length));

const root = document.getElementById('root');
if (root) {
  createRoot(root).render(
    <StrictMode>
      <App />
    </StrictMode>,
  );
}
