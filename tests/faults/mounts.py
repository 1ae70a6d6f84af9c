"""Disks of one's own: small, full, read-only, seen by nobody else."""
import contextlib, os, subprocess, sys

WITHIN = "FAULTS_HAVE_OWN_MOUNTS"


def own_mounts():
    """Starts the script again where what it mounts is its own and ends with it; tells whether that could be had."""
    if os.environ.get(WITHIN):
        return True
    if os.geteuid() != 0:
        return False
    enter = ["unshare", "--mount", "--propagation", "private"]
    trial = [*enter, "mount", "-t", "tmpfs", "-o", "size=64k", "none", "/mnt"]
    try:
        if subprocess.run(trial, capture_output=True).returncode != 0:
            return False
    except FileNotFoundError:
        return False
    os.environ[WITHIN] = "yes"
    sys.stdout.flush()
    os.execvp(enter[0], [*enter, sys.executable, *sys.argv])


@contextlib.contextmanager
def disk(folder, size):
    """An empty disk in memory at a folder, which is made; gone when it is left."""
    folder.mkdir(parents=True, exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size},mode=777", "none", folder], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


def change(folder, options):
    """Changes a disk: `size=…`, `ro`, `rw`."""
    subprocess.run(["mount", "-o", f"remount,{options}", folder], check=True)


def used(folder):
    """How many bytes of a disk are used up."""
    stat = os.statvfs(folder)
    return (stat.f_blocks - stat.f_bfree) * stat.f_frsize
