using System.Runtime.InteropServices;

namespace Meshover.Linux.Interop;

/// <summary>A file descriptor that is closed exactly once.</summary>
internal sealed class FileDescriptor : SafeHandle
{
    public FileDescriptor() : base(invalidHandleValue: -1, ownsHandle: true) { }

    internal FileDescriptor(nint descriptor) : this() => SetHandle(descriptor);

    // libc gives an int, and a handle is as long as a pointer: -1 then comes as 0xFFFFFFFF.
    public override bool IsInvalid => (int)handle < 0;

    protected override bool ReleaseHandle() => Libc.Close(handle) == 0;
}
