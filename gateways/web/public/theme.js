// Before the first paint, so that a dark room stays dark. The rest is in src/app/theme.ts.
(function () {
  var chosen = null;
  try {
    chosen = localStorage.getItem('clustermaster.theme');
  } catch {
    // A browser that keeps nothing follows the system.
  }
  var dark = chosen === 'dark' || (chosen !== 'light' && matchMedia('(prefers-color-scheme: dark)').matches);
  document.documentElement.classList.toggle('pf-v6-theme-dark', dark);
})();
