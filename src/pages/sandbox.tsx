import { lazy, Suspense, type ReactNode } from 'react';
import BrowserOnly from '@docusaurus/BrowserOnly';
import Layout from '@theme/Layout';

const Sandbox = lazy(() => import('../components/Sandbox'));

/** The free world fills the window below the top bar. */
export default function SandboxPage(): ReactNode {
  return (
    <Layout title="Sandbox" description="A Linux machine in your browser. Nothing to solve." noFooter>
      <main>
        <h1 className="ftp-sr">Sandbox</h1>
        <BrowserOnly>
          {() => (
            <Suspense fallback={null}>
              <Sandbox />
            </Suspense>
          )}
        </BrowserOnly>
      </main>
    </Layout>
  );
}
