using Meshover.WireGuard.Crypto;
using Meshover.WireGuard.Noise;

namespace Meshover.WireGuard.Session;

/// <summary>
/// One session's keys. Made and dropped by the control thread; between, the send side (<see cref="TryTakeCounter"/>,
/// <see cref="SendCipher"/>) belongs to the one send worker of its peer and the receive side (<see cref="ReceiveCipher"/>,
/// <see cref="Replay"/>) to the one receive worker of its index. A worker finds it anew in each pass, between
/// <see cref="WorkerGate.Enter"/> and <see cref="WorkerGate.Leave"/>, and never keeps it.
/// </summary>
internal sealed class TransportSession : IDisposable
{
    private readonly ProtocolTimes _times;
    private ulong _nextCounter;

    // Until the first authentic packet of a session that we answered: before it, the initiator may not have the keys yet. The receive worker
    // that clears it tells the control thread.
    private volatile bool _unconfirmed;

    /// <summary>The session can be found by its index as soon as it is put into <paramref name="entry"/>.</summary>
    public TransportSession(IndexEntry entry, uint remoteIndex, bool isInitiator, TransportKeys keys, long now, ProtocolTimes times)
    {
        Entry = entry;
        RemoteIndex = remoteIndex;
        IsInitiator = isInitiator;
        Created = now;
        SendCipher = TransportCipher.ForSealing(keys.Send);
        ReceiveCipher = TransportCipher.ForOpening(keys.Receive);
        _times = times;
        _unconfirmed = !isInitiator;
    }

    public IndexEntry Entry { get; }

    public PeerSession Owner => Entry.Session;

    /// <summary>What the peer writes into its packets for us.</summary>
    public uint LocalIndex => Entry.Index;

    /// <summary>What we write into ours for it.</summary>
    public uint RemoteIndex { get; }

    public bool IsInitiator { get; }

    public required AgreedKeys Agreed { get; init; }

    /// <summary>Milliseconds on the control thread's clock.</summary>
    public long Created { get; }

    /// <summary>
    /// Milliseconds by which its initiator renews it before its time: sessions that began together do not end together.
    /// </summary>
    public long RenewsSooner { get; init; }

    public TransportCipher SendCipher { get; }

    public TransportCipher ReceiveCipher { get; }

    public ReplayWindow Replay { get; } = new();

    /// <summary>Packets sealed so far. Read by the control thread, written by the send worker.</summary>
    public ulong SentMessages => Volatile.Read(ref _nextCounter);

    /// <summary>For the receive worker, after a packet's tag was right. True once: then tell the control thread.</summary>
    public bool TryConfirm()
    {
        if (!_unconfirmed)
            return false;
        _unconfirmed = false;
        return true;
    }

    /// <summary>REJECT_AFTER_TIME: too old to send or receive with. A worker asks once per batch.</summary>
    public bool IsExpired(long now) => now - Created >= _times.RejectAfterTime;

    /// <summary>The next nonce, for the send worker alone. False at REJECT_AFTER_MESSAGES: the key is used up.</summary>
    public bool TryTakeCounter(out ulong counter)
    {
        counter = _nextCounter;
        if (counter >= _times.RejectAfterMessages)
            return false;
        Volatile.Write(ref _nextCounter, counter + 1);
        return true;
    }

    /// <summary>REJECT_AFTER_MESSAGES, for the receive worker: a counter beyond it is refused before anything is decrypted.</summary>
    public bool MayReceive(ulong counter) => counter < _times.RejectAfterMessages;

    /// <summary>Zeroes the keys. Only when no worker can hold it: <see cref="KeyReclaimer"/>.</summary>
    public void Dispose()
    {
        SendCipher.Dispose();
        ReceiveCipher.Dispose();
    }
}
