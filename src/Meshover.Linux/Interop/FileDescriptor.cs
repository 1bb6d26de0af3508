using Microsoft.Win32.SafeHandles;

namespace Meshover.Linux.Interop;

/// <summary>A file descriptor that is closed exactly once.</summary>
internal sealed class FileDescriptor : SafeHandleMinusOneIsInvalid
{
    public FileDescriptor() : base(ownsHandle: true) { }

    internal FileDescriptor(nint descriptor) : base(ownsHandle: true) => SetHandle(descriptor);

    protected override bool ReleaseHandle() => Libc.Close(handle) == 0;
}
