namespace Meshover.Controller.Streaming;

/// <summary>
/// Where one stream stands. It holds no queue: a slow stream, once it can be written to again, gets one delta from where it stands to
/// where the map is by then.
/// </summary>
/// <param name="storeId">Of the receiver's map; empty or another store's: it has none that helps.</param>
/// <param name="revision">Of the receiver's map.</param>
internal sealed class MapCursor(string storeId, long revision)
{
    private string _storeId = storeId;
    private long? _sent = storeId.Length == 0 ? null : revision;

    /// <summary>
    /// Whether no delta leads to this version: it has no map of this store, or one from before what the store has forgotten, or one of too many
    /// revisions.
    /// </summary>
    public bool NeedsSnapshot(MapVersion version) =>
        _sent is not { } sent || sent > version.Revision || sent < version.State.Floor || _storeId != version.State.Mesh.StoreId
        || version.IsCrowded(sent);

    /// <summary>What the receiver must get now; null where its map is as this version.</summary>
    public ControllerFrame? Next(MapVersion version)
    {
        var frame = NeedsSnapshot(version) ? version.Snapshot : version.DeltaFrom(_sent!.Value);
        if (frame is null)
            return null;
        _storeId = version.State.Mesh.StoreId;
        _sent = version.Revision;
        return frame;
    }
}
