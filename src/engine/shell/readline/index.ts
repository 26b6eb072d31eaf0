/** The line editor of the shell: readline's keys, history, searching and completion, on the terminal of the process. */
export * from './complete';
export * from './readline';
