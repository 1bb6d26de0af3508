using Meshover.Linux.Interop;

namespace Meshover.Linux.Processes;

/// <summary>
/// Waits for processes to end. A pidfd becomes readable when its process ends, .NET has no way to await a descriptor, and one thread
/// polls them all: it starts with the first wait and sleeps in poll(2), woken by an eventfd when the set changes.
/// </summary>
internal static class PidfdWatcher
{
    private const int EventFdFlags = 0x80000 | 0x800; // EFD_CLOEXEC | EFD_NONBLOCK

    private static readonly Lock Gate = new();
    private static readonly List<Wait> Waits = [];
    private static FileDescriptor? _wake;

    /// <summary>The caller keeps the descriptor open until this ends.</summary>
    internal static async Task WaitAsync(FileDescriptor pidfd, CancellationToken cancellationToken)
    {
        var wait = new Wait((int)pidfd.DangerousGetHandle());
        lock (Gate)
        {
            StartLocked();
            Waits.Add(wait);
        }

        Wake();
        try
        {
            await wait.Ended.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            lock (Gate)
                Waits.Remove(wait);
        }
    }

    private static void StartLocked()
    {
        if (_wake is not null)
            return;
        var wake = Libc.EventFd(0, EventFdFlags);
        // Kept only if it is one: else the next wait would take the thread for running, and never end.
        if (wake.IsInvalid)
            throw new ProcessException("make an eventfd", Errno.Describe(Errno.Last));
        _wake = wake;
        new Thread(Loop) { IsBackground = true, Name = "pidfd" }.Start();
    }

    private static unsafe void Wake()
    {
        ulong one = 1;
        _ = Libc.Write(_wake!, (byte*)&one, sizeof(ulong));
    }

    private static unsafe void Loop()
    {
        ulong count;
        while (true)
        {
            var waits = Snapshot();
            var descriptors = new PollDescriptor[waits.Length + 1];
            descriptors[0] = new PollDescriptor { Descriptor = (int)_wake!.DangerousGetHandle(), Events = PollDescriptor.Readable };
            for (var i = 0; i < waits.Length; i++)
                descriptors[i + 1] = new PollDescriptor { Descriptor = waits[i].Descriptor, Events = PollDescriptor.Readable };
            fixed (PollDescriptor* first = descriptors)
                _ = Libc.Poll(first, (nuint)descriptors.Length, -1);
            if (descriptors[0].Returned != 0)
                _ = Libc.Read(_wake, (byte*)&count, sizeof(ulong));
            for (var i = 0; i < waits.Length; i++)
            {
                if (descriptors[i + 1].Returned != 0)
                    Complete(waits[i]);
            }
        }
    }

    private static Wait[] Snapshot()
    {
        lock (Gate)
            return [.. Waits];
    }

    private static void Complete(Wait wait)
    {
        lock (Gate)
            Waits.Remove(wait);
        wait.Ended.TrySetResult();
    }

    private sealed class Wait(int descriptor)
    {
        internal int Descriptor { get; } = descriptor;

        internal TaskCompletionSource Ended { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
