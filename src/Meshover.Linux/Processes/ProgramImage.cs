using System.Runtime.InteropServices;
using Meshover.Linux.Interop;

namespace Meshover.Linux.Processes;

/// <summary>The program that this process runs (execve(2)).</summary>
public static class ProgramImage
{
    /// <summary>
    /// Goes on as another program, with the same process id, environment, directory and open streams. Returns only if that failed: then
    /// nothing has changed. To be called before anything is started that must not simply vanish.
    /// </summary>
    /// <param name="path">The program's file.</param>
    /// <param name="arguments">With the name it is to be known by in front.</param>
    /// <exception cref="ProcessException">There is no such program, or it cannot be run.</exception>
    public static void Replace(string path, IReadOnlyList<string> arguments)
    {
        using var native = new NativeStringArray(arguments);
        Libc.Execute(path, native.Pointer);
        throw new ProcessException($"run {path}", Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError()));
    }
}
