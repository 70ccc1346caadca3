import { readdir, readFile, readlink } from 'node:fs/promises';

/** A process as /proc shows it. */
export interface ProcessFacts {
  readonly pid: number;
  /** What started its process group, whatever sandbox is in between. */
  readonly parent: number;
  readonly command: string;
}

async function factsOf(pid: number): Promise<ProcessFacts | null> {
  try {
    const [stat, cmdline] = await Promise.all([
      readFile(`/proc/${String(pid)}/stat`, 'utf8'),
      readFile(`/proc/${String(pid)}/cmdline`, 'utf8'),
      readlink(`/proc/${String(pid)}/exe`),
    ]);
    const { state, group, parent: own } = statusIn(stat);
    // A zombie runs no more: nobody has asked for its exit status yet.
    if (state === 'Z') return null;
    // An orphan's group may have lost its leader.
    const leader = await readFile(`/proc/${String(group)}/stat`, 'utf8').catch(() => null);
    const parent = leader === null ? own : statusIn(leader).parent;
    return { pid, parent, command: cmdline.replaceAll('\0', ' ').trim() };
  } catch {
    return null;
  }
}

/** The state letter of a process: T is stopped. */
export async function stateOf(pid: number): Promise<string> {
  return statusIn(await readFile(`/proc/${String(pid)}/stat`, 'utf8')).state;
}

/** Of /proc/PID/stat; the name in it, in parentheses, may hold spaces. */
function statusIn(stat: string): { state: string; parent: number; group: number } {
  const [state = '', parent, group] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return { state, parent: Number(parent), group: Number(group) };
}

/** The ffmpeg processes that write below a folder. */
export async function encodersOf(folder: string): Promise<ProcessFacts[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const all = await Promise.all(pids.map(factsOf));
  return all.filter(
    (process): process is ProcessFacts =>
      process !== null && /^\S*ffmpeg\S* /.test(process.command) && process.command.includes(folder),
  );
}

export const isAlive = async (pid: number): Promise<boolean> => (await factsOf(pid)) !== null;
