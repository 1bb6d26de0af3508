using Meshover.Mesh.Findings;

namespace Meshover.Agent.Diagnosing;

/// <summary>Whether the daemon that answers for names does so. It says what it cannot do in a file, and touches another each second; both are on no disk.</summary>
/// <param name="directory">Of the runtime.</param>
/// <param name="isRunning">Whether its process is there.</param>
/// <param name="time">A clock that is set makes no difference.</param>
internal sealed class NamesDaemonWatch(string directory, Func<bool> isRunning, TimeProvider time)
{
    /// <summary>A restart takes a second or two.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(8);

    private DateTime _beat;
    private long _aliveAt = time.GetTimestamp();

    /// <returns>Null: all is well.</returns>
    public Finding? Look()
    {
        var beat = File.GetLastWriteTimeUtc(Path.Combine(directory, AgentOptions.DnsBeat));
        // One of a former release does not touch it: of that a process is all that can be seen.
        if (isRunning() && (beat != _beat || !File.Exists(Path.Combine(directory, AgentOptions.DnsBeat))))
            (_beat, _aliveAt) = (beat, time.GetTimestamp());
        if (time.GetElapsedTime(_aliveAt) >= Patience)
            return new Finding(FindingKinds.DnsSilent, "", isRunning() ? "`meshover dns` hangs: no name of the mesh resolves here." : "`meshover dns` does not run: no name of the mesh resolves here.");
        return Problem() is { Length: > 0 } problem ? new Finding(FindingKinds.NamesNotServed, "", problem) : null;
    }

    private string Problem()
    {
        try
        {
            return File.ReadAllText(Path.Combine(directory, AgentOptions.DnsProblem));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }
}
