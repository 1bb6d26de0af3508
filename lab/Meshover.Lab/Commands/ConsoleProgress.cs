using Meshover.Lab.Meshes;

namespace Meshover.Lab.Commands;

/// <summary>Progress as lines on stderr, each with the seconds since the start: stdout belongs to the result.</summary>
internal sealed class ConsoleProgress(TimeProvider time) : ILabProgress
{
    private readonly long _start = time.GetTimestamp();

    public TimeSpan Elapsed => time.GetElapsedTime(_start);

    public void Step(string text) => Console.Error.WriteLine($"{Elapsed.TotalSeconds,6:0.0} s  {text}");
}
