"""The base of every error that a person can mend.

Its message names what is wrong and the remedy; the command line prints it without a traceback.
"""

import errno

DISK_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
NOT_WRITABLE = (*DISK_FULL, errno.EROFS, errno.EACCES, errno.EPERM, errno.ENOTDIR)
"""What the system says of a place where nothing can be written."""
NO_PATH = (errno.ENAMETOOLONG, errno.ELOOP)
"""What it says of a name that cannot be a path."""
GONE = (errno.ENOENT, errno.EEXIST, errno.ENOTEMPTY, errno.EISDIR, errno.EBUSY)
"""What it says if somebody moves, deletes or makes a file while it is used."""
FAILING = (errno.EIO, errno.ESTALE, errno.ENXIO, errno.ENODEV)
"""What it says of a disk, or a connection to one, that fails."""


class MendableError(Exception):
    """Something the person can change: an input, a setting, an installation."""
