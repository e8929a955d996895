import { spawn } from 'node:child_process';
import path from 'node:path';

export const ROOT = path.resolve(import.meta.dirname, '..');

/**
 * Runs a command in the project folder and returns how it ended, never throwing. With
 * `show` its output goes straight to the terminal, otherwise it is returned: `output` is stdout and
 * stderr as they came.
 * A signal to us goes to the command, and we end when it has ended.
 */
export function run(command, args, { show = false, env = {}, cwd = ROOT } = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd,
      env: { ...process.env, ...env },
      stdio: show ? ['ignore', 'inherit', 'inherit'] : ['ignore', 'pipe', 'pipe'],
    });
    let stopping = 0;
    const forward = (signal, number) => {
      stopping = number;
      child.kill(signal);
    };
    process.on('SIGTERM', forward);
    process.on('SIGINT', forward);
    let stdout = '';
    let output = '';
    child.stdout?.setEncoding('utf8').on('data', (chunk) => {
      stdout += chunk;
      output += chunk;
    });
    child.stderr?.setEncoding('utf8').on('data', (chunk) => (output += chunk));
    const end = (code) => {
      process.off('SIGTERM', forward);
      process.off('SIGINT', forward);
      if (stopping > 0) process.exit(128 + stopping);
      resolve({ ok: code === 0, code, stdout, output: output.trim() });
    };
    child.once('error', (error) => {
      output += `${command}: ${error.message}`;
      end(127);
    });
    child.once('close', (code) => end(code ?? 1));
  });
}

/** Runs a tool of ours from node_modules with this Node, whatever the platform. */
export function runTool(script, args, options) {
  return run(process.execPath, [path.join(ROOT, 'node_modules', script), ...args], options);
}
