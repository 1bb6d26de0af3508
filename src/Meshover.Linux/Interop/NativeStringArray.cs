using System.Runtime.InteropServices;

namespace Meshover.Linux.Interop;

/// <summary>A <c>char *const []</c> in native memory, ended by a null pointer.</summary>
internal sealed unsafe class NativeStringArray : IDisposable
{
    private readonly nint* _array;
    private readonly int _count;

    internal NativeStringArray(IReadOnlyList<string> strings)
    {
        _count = strings.Count;
        _array = (nint*)NativeMemory.AllocZeroed((nuint)_count + 1, (nuint)sizeof(nint));
        for (var i = 0; i < _count; i++)
            _array[i] = Marshal.StringToCoTaskMemUTF8(strings[i]);
    }

    internal nint Pointer => (nint)_array;

    public void Dispose()
    {
        for (var i = 0; i < _count; i++)
            Marshal.FreeCoTaskMem(_array[i]);
        NativeMemory.Free(_array);
    }
}
