namespace Meshover.Controller.Streaming;

/// <summary>How long a version takes to go out: from its making to the last stream so far that was handed it. Thread-safe.</summary>
internal sealed class Spread(TimeProvider time)
{
    private readonly long _began = time.GetTimestamp();
    private long _last;

    public TimeSpan Age => time.GetElapsedTime(_began);

    /// <summary>Zero: nobody took it yet.</summary>
    public TimeSpan Length => Volatile.Read(ref _last) is not 0 and var last ? time.GetElapsedTime(_began, last) : TimeSpan.Zero;

    /// <summary>One more stream was handed it.</summary>
    public void Took() => Volatile.Write(ref _last, time.GetTimestamp());
}
