import type { ReactNode } from 'react';
import useDocusaurusContext from '@docusaurus/useDocusaurusContext';
import Link from '@docusaurus/Link';
import Layout from '@theme/Layout';
import { ButtonLink } from '../components/Button';
import CourseMap from '../components/CourseMap';
import Hero from '../components/Hero';
import { chapterPath, firstWritten } from '../course';
import styles from './index.module.css';

/** What the course is, in one screen, with a machine to type into; then the map of the chapters. */
export default function Landing(): ReactNode {
  const { siteConfig } = useDocusaurusContext();
  const repository = String(siteConfig.customFields?.repository ?? '');
  return (
    <Layout description="A course on container networking. Real commands, on a Linux machine that runs in the page.">
      <main>
        <section className={styles.hero}>
          <div>
            <h1>Container networking, one packet at a&nbsp;time.</h1>
            <p className={styles.what}>
              A course in 22 chapters. You type real commands into a Linux world that runs in this page, build what a
              container network is made of, and see what each packet does. Four chapters are written: namespaces,
              bridges, NAT, and two hosts.
            </p>
            <p className={styles.acts}>
              {firstWritten && (
                <ButtonLink kind="primary" size="lg" to={`${chapterPath(firstWritten)}/`}>
                  Start with chapter {firstWritten.n}
                </ButtonLink>
              )}
              <ButtonLink size="lg" to="/sandbox">
                Open the sandbox
              </ButtonLink>
            </p>
            <p className={styles.small}>Free and open source. Nothing to install, no account, no server behind it.</p>
          </div>
          <Hero />
        </section>
        <section className={styles.map} aria-labelledby="map">
          <div className={styles.in}>
            <h2 id="map">Six parts, from one cable to a cluster</h2>
            <p className={styles.sub}>
              Every chapter starts from something that fails. 25 to 40 minutes each; an hour for 8, 17 and 22.
            </p>
            <CourseMap />
          </div>
        </section>
        <section className={styles.two}>
          <div className={styles.in}>
            <div>
              <h2>For teams</h2>
              <p>
                The course is a folder of files. Put it on any web host, behind your login, under any path; there is no
                server to run and nothing phones home.
              </p>
              <dl>
                <dt>Links</dt>
                <dd>Open a lab in an exact state from a link</dd>
                <dt>Progress</dt>
                <dd>Stays with the learner; moves as a file</dd>
              </dl>
              <Link to="/real-or-simulated">What is simulated, and what is not</Link>
            </div>
            <div>
              <h2>For contributors</h2>
              <p>
                A chapter is a folder of Markdown and lab files. The build proves each lab: the start state fails, the
                solution passes, each known wrong attempt gets its own feedback.
              </p>
              <pre tabIndex={0}>
                {repository && `git clone ${repository}\n`}
                npm start{'         '}
                <span># the site, with hot reload</span>
                {'\n'}npm test{'          '}
                <span># prove every lab, check every printed output</span>
              </pre>
            </div>
          </div>
        </section>
      </main>
    </Layout>
  );
}
