using Meshover.Controller.Changes;
using Meshover.Controller.Live;
using Meshover.Controller.State;
using Meshover.Controller.Stores;
using Meshover.Mesh.Events;

namespace Meshover.Controller.Events;

/// <summary>
/// Looks at the mesh each second and keeps what changed, in a folder of the store of its own: so many, so many days. Each look that finds something is one
/// transaction, which takes the oldest out as it goes. A store that takes nothing costs the events of that look, and nobody else anything; one node can
/// cause no more than its <see cref="NodeAllowance"/>.
/// </summary>
internal sealed partial class EventKeeper(MeshDirectory directory, LiveNodes live, TimeProvider time, ILogger<EventKeeper> log) : BackgroundService
{
    internal const int Most = 20_000;
    internal static readonly TimeSpan KeptFor = TimeSpan.FromDays(30);
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(1);
    private const int TakenOut = 2;
    private const int Tries = 3;

    private readonly NodeAllowance _allowance = new(time);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Every, time);
        var last = Look();
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            var next = Look();
            if (MeshChanges.Together(_allowance.Admit(MeshChanges.Between(last, next, time.GetUtcNow()))).ToList() is { Count: > 0 } changes)
                await TryKeepAsync(changes, stoppingToken);
            last = next;
        }
    }

    private MeshLook Look() => MeshLook.At(directory.State, live.State, live.Clock.Now);

    /// <summary>Whatever goes wrong is logged: for want of events no controller ends.</summary>
    internal async Task TryKeepAsync(IReadOnlyList<MeshEvent> changes, CancellationToken cancel)
    {
        try
        {
            for (var tries = 0; tries < Tries; tries++)
            {
                if (await KeepAsync(changes, cancel))
                    return;
            }
            LogNotKept(log, exception: null, changes.Count);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            LogNotKept(log, e, changes.Count);
        }
    }

    /// <returns>False: another wrote under the same numbers meanwhile, and nothing was kept.</returns>
    internal async Task<bool> KeepAsync(IReadOnlyList<MeshEvent> changes, CancellationToken cancel)
    {
        var all = StoreRange.Folder(StoreKeys.EventFolder);
        var newest = (await directory.ReadAsync(all with { Limit = 1, Backwards = true }, cancel)).Entries;
        var next = newest.Count == 0 ? 1 : StoreKeys.NumberOf(newest[0].Key) + 1;
        var oldest = (await directory.ReadAsync(all with { Limit = TakenOut * changes.Count }, cancel)).Entries;
        var oldAt = time.GetUtcNow() - KeptFor;
        var due = oldest.TakeWhile(entry => StoreKeys.NumberOf(entry.Key) < next + changes.Count - Most || EventRecord.TryRead(entry) is not { } record || record.Time < oldAt);
        var key = StoreKeys.Numbered(StoreKeys.EventFolder, next);
        // Two controllers cannot take one number: the first of these must be new.
        return await directory.KeepApartAsync(new StoreTransaction(
            [new StoreCondition(key, 0)],
            [
                .. changes.Select((change, i) => new StoreWrite(StoreKeys.Numbered(StoreKeys.EventFolder, next + i), RecordJson.Write(EventRecord.Of(change)))),
                .. due.Select(entry => new StoreWrite(entry.Key, null)),
            ]), cancel);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Count} events could not be kept")]
    private static partial void LogNotKept(ILogger logger, Exception? exception, int count);
}
