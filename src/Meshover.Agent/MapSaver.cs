using Meshover.Agent.ControllerLink;
using Meshover.Mesh.Map;
using Microsoft.Extensions.Logging;

namespace Meshover.Agent;

/// <summary>
/// Keeps the map on disk, and what is retained beside it. It writes beside the main loop, one file at a time: a disk that stalls must not keep
/// the node from calling its peers.
/// </summary>
/// <param name="told">For the map as the controller tells it.</param>
/// <param name="retained">For what is retained of the former store's.</param>
internal sealed partial class MapSaver(MapFile told, MapFile retained, ILogger logger, TimeProvider time)
{
    /// <summary>A map that changes all the time is written at most this often; what a crash loses, the controller tells again.</summary>
    private static readonly TimeSpan SaveEvery = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan TouchEvery = TimeSpan.FromSeconds(10);

    private Task _writing = Task.CompletedTask;
    private MeshMap? _told;
    private MeshMap? _retained;
    private bool _leavesRetained;
    private TimeSpan _next;
    private TimeSpan _nextTouch;

    /// <summary>What a former agent retained and this one does not goes with the first write.</summary>
    /// <param name="state">As read from the disk.</param>
    public void Begin(AgentState state) =>
        (_told, _retained, _leavesRetained) = (state.Told, state.Retained, state.Retained is null && retained.LastHeard() is not null);

    /// <summary>Begins to write what is new, unless it is too early, or the last write is still under way.</summary>
    public void Look(AgentState state)
    {
        if (_writing.IsCompleted && time.Uptime() >= _next)
            _writing = IsDue(state) ? Task.Run(() => Write(state)) : Task.CompletedTask;
    }

    /// <summary>Writes what is still to be written.</summary>
    public async Task FinishAsync(AgentState state)
    {
        await _writing;
        if (IsDue(state))
            Write(state);
    }

    private bool IsDue(AgentState state) => IsNew(state) || (state.Link == LinkState.Connected && time.Uptime() >= _nextTouch);

    private bool IsNew(AgentState state) => !ReferenceEquals(state.Told, _told) || IsRetainedNew(state);

    private bool IsRetainedNew(AgentState state) => _leavesRetained || !ReferenceEquals(state.Retained, _retained);

    private void Write(AgentState state)
    {
        var now = time.Uptime();
        try
        {
            if (IsRetainedNew(state))
                WriteRetained(state.Retained);
            if (state.Told is { } map && !ReferenceEquals(map, _told))
                told.Save(map);
            else if (state.Link == LinkState.Connected)
                told.Touch(time.GetUtcNow());
            (_told, _next, _nextTouch) = (state.Told, now + SaveEvery, now + TouchEvery);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            _next = now + TouchEvery;
            LogNotSaved(logger, e.Message);
        }
    }

    private void WriteRetained(MeshMap? map)
    {
        if (map is null)
            retained.Delete();
        else
            retained.Save(map);
        (_retained, _leavesRetained) = (map, false);
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "The map cannot be written to disk: {Reason}")]
    private static partial void LogNotSaved(ILogger logger, string reason);
}
