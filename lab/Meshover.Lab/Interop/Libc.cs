using System.Runtime.InteropServices;

namespace Meshover.Lab.Interop;

/// <summary>The system calls that make a machine out of namespaces (unshare(2), mount(2), umount2(2), sethostname(2)).</summary>
internal static partial class Libc
{
    internal const int CloneNewMount = 0x00020000;
    internal const int CloneNewUts = 0x04000000;

    internal const nuint MountBind = 4096;
    internal const nuint MountMove = 8192;
    internal const nuint MountRecursive = 16384;
    internal const nuint MountPrivate = 1 << 18;
    internal const nuint MountSlave = 1 << 19;
    internal const int DetachLazily = 2;
    private const int NotThere = 2, NotMounted = 22; // ENOENT, EINVAL

    internal static void Unshare(int flags) => Check(unshare(flags), "unshare", $"flags 0x{flags:x}");

    internal static void SetHostName(string name) => Check(sethostname(name, (nuint)name.Length), "sethostname", name);

    internal static void Mount(string source, string target, string? type, nuint flags, string? data = null) =>
        Check(mount(source, target, type, flags, data), "mount", $"{source} on {target}");

    internal static void Unmount(string target) => Check(umount2(target, DetachLazily), "umount", target);

    /// <summary>Nothing happens where nothing is mounted (any more).</summary>
    internal static void UnmountIfThere(string target)
    {
        var result = umount2(target, DetachLazily);
        if (Marshal.GetLastPInvokeError() is not (NotThere or NotMounted)) Check(result, "umount", target);
    }

    /// <summary>The calling thread's id: its namespaces are under /proc/self/task/ID/ns.</summary>
    internal static int ThreadId() => gettid();

    private static void Check(int result, string operation, string target)
    {
        if (result != 0) throw new LabException($"{operation} of {target} failed: {Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError())}");
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int unshare(int flags);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int sethostname(string name, nuint length);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int mount(string source, string target, string? type, nuint flags, string? data);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int umount2(string target, int flags);

    [LibraryImport("libc")]
    private static partial int gettid();
}
