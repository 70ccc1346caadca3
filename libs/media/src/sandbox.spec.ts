import { describe, expect, it } from 'vitest';
import { accessOf } from './access.js';
import { launchArgv, type Launch } from './launch.js';
import { NO_LIMITS } from './limits.js';
import type { Sandbox } from './sandbox.js';

const sandbox: Sandbox = { bwrap: '/usr/bin/bwrap', reads: ['/opt/ffmpeg/bin', '/usr/bin'], asRoot: false };
const launch: Launch = {
  env: { PATH: '/usr/bin' },
  sandbox,
  parentDeath: ['/usr/bin/setpriv', '--pdeathsig', 'KILL', '--'],
  limits: NO_LIMITS,
  libraryRoots: ['/srv/media'],
};

const bound = (...paths: string[]): string => paths.map((path) => `--ro-bind-try ${path} ${path}`).join(' ');
const system = bound(
  ...['/usr', '/bin', '/lib', '/lib32', '/lib64', '/libx32', '/sbin', '/nix/store', '/etc/ld.so.cache'],
  ...['/etc/ld.so.conf', '/etc/ld.so.conf.d', '/etc/ld-musl-x86_64.path', '/etc/alternatives', '/etc/fonts'],
);
const drivers = bound(...['/sys/dev', '/sys/devices', '/sys/class/drm', '/sys/module', '/etc/OpenCL', '/etc/nvidia']);
const unshared = '--unshare-ipc --unshare-pid --unshare-net --unshare-uts --unshare-cgroup-try --die-with-parent';
const own = '--proc /proc --dev /dev --tmpfs /tmp';
const end = '--remount-ro / --chdir / --setenv HOME /tmp --setenv TMPDIR /tmp';

const encode = ['-i', 'file:/srv/media/inbox/a b.mkv', '-c:v', 'libx264', 'file:/srv/media/playback/.a.partial.mp4'];
const commandLine = (args: readonly string[], more: Partial<Launch> = {}, extra = {}): string =>
  launchArgv({ ...launch, ...more }, ['/opt/ffmpeg/bin/ffmpeg', ...args], accessOf(args, ['/srv/media'], extra)).join(
    ' ',
  );

describe('the command line of a run in the sandbox', () => {
  it('shows an encode its input alone, and lets it write to the folder of its output', () => {
    expect(commandLine(encode)).toBe(
      `/usr/bin/bwrap ${unshared} --cap-drop ALL ${system} ${own} --ro-bind /opt/ffmpeg/bin /opt/ffmpeg/bin ` +
        '--bind /srv/media/playback /srv/media/playback ' +
        `--ro-bind /srv/media/inbox/a b.mkv /srv/media/inbox/a b.mkv ${end} -- ` +
        `/opt/ffmpeg/bin/ffmpeg ${encode.join(' ')}`,
    );
  });

  it('shows a join of pieces the folder of the list, and the folders that it was told of', () => {
    const args = ['-f', 'concat', '-i', 'file:/tmp/work/7/list.ffconcat', '-c', 'copy', 'file:/srv/media/clips/a.mp4'];
    expect(commandLine(args, {}, { folders: ['/tmp/other'] })).toBe(
      `/usr/bin/bwrap ${unshared} --cap-drop ALL ${system} ${own} --bind /tmp/other /tmp/other ` +
        '--ro-bind /opt/ffmpeg/bin /opt/ffmpeg/bin --bind /srv/media/clips /srv/media/clips --ro-bind /tmp/work/7 /tmp/work/7 ' +
        `${end} -- /opt/ffmpeg/bin/ffmpeg ${args.join(' ')}`,
    );
  });

  it('keeps an input read-only that lies where the output goes', () => {
    const args = ['-i', 'file:/srv/media/a.mp4', 'file:/srv/media/b.mp4'];
    expect(commandLine(args)).toContain(
      '--bind /srv/media /srv/media --ro-bind /opt/ffmpeg/bin /opt/ffmpeg/bin --ro-bind /srv/media/a.mp4 /srv/media/a.mp4',
    );
  });

  it('lets a run write to a job folder that it also reads', () => {
    const args = ['-i', 'file:/tmp/work/7/list.ffconcat', 'file:/tmp/work/7/whole.mkv'];
    expect(commandLine(args)).toContain(`--bind /tmp/work/7 /tmp/work/7 ${end}`);
    expect(commandLine(args)).not.toContain('--ro-bind /tmp/work/7');
  });

  it('binds nothing for what is generated, discarded or written to standard output', () => {
    expect(commandLine(['-f', 'lavfi', '-i', 'testsrc', '-f', 'null', '-'])).toContain(
      `--ro-bind /opt/ffmpeg/bin /opt/ffmpeg/bin ${end} --`,
    );
  });

  it("gives root's tools the right to write where root may, and nothing else of root's", () => {
    const asRoot = commandLine(encode, { sandbox: { ...sandbox, asRoot: true } });
    expect(asRoot).toContain('--cap-drop ALL --cap-add CAP_DAC_OVERRIDE --ro-bind-try /usr /usr');
  });

  it('hands the folders of libraries on, whatever a script around bubblewrap does to them', () => {
    expect(commandLine(encode, { env: { LD_LIBRARY_PATH: '/opt/lib' } })).toContain(
      '--setenv LD_LIBRARY_PATH /opt/lib -- ',
    );
  });

  it('shows the devices of a GPU, and what its driver reads, to the runs that use it', () => {
    const devices = ['/dev/dri/renderD128'];
    expect(commandLine(encode, {}, { devices })).toContain(
      `${own} ${drivers} --dev-bind-try /dev/dri/renderD128 /dev/dri/renderD128 --ro-bind`,
    );
  });
});

describe('the command line of a run without a sandbox', () => {
  it('has the run die with the service', () => {
    expect(commandLine(['-i', 'x'], { sandbox: null })).toBe(
      '/usr/bin/setpriv --pdeathsig KILL -- /opt/ffmpeg/bin/ffmpeg -i x',
    );
  });

  it('sets limits in or out of a sandbox', () => {
    const limits = { prlimit: '/usr/bin/prlimit', memoryMb: 512, cpuSeconds: 60, fileMb: 100 };
    const set = '/usr/bin/prlimit --data=536870912 --cpu=60:65 --fsize=104857600 --core=0 -- ';
    expect(commandLine(['-i', 'x'], { sandbox: null, limits })).toBe(
      `${set}/usr/bin/setpriv --pdeathsig KILL -- /opt/ffmpeg/bin/ffmpeg -i x`,
    );
    expect(commandLine(encode, { limits }).startsWith(`${set}/usr/bin/bwrap --unshare-ipc`)).toBe(true);
    expect(commandLine(['-i', 'x'], { sandbox: null, limits: { ...limits, memoryMb: null, cpuSeconds: null } })).toBe(
      '/usr/bin/prlimit --fsize=104857600 --core=0 -- /usr/bin/setpriv --pdeathsig KILL -- /opt/ffmpeg/bin/ffmpeg -i x',
    );
  });
});
