using Google.Protobuf;
using Meshover.Contract.V1;

namespace Meshover.Bench.Streams;

/// <summary>What the beginning of a <see cref="ControllerMessage"/> says. Reading a whole map for each of ten thousand would be all that is measured.</summary>
/// <param name="Kind">The field of the message's "oneof".</param>
/// <param name="StoreId">Of a hello or a snapshot; else empty.</param>
/// <param name="Revision">Of a snapshot or a delta; else 0.</param>
internal readonly record struct MessageHead(int Kind, string StoreId, long Revision)
{
    /// <param name="bytes">At least all that stands before the nodes.</param>
    public static MessageHead Read(ReadOnlySpan<byte> bytes)
    {
        using var message = new CodedInputStream(bytes.ToArray());
        var kind = WireFormat.GetTagFieldNumber(message.ReadTag());
        message.ReadLength();
        return kind switch
        {
            ControllerMessage.HelloFieldNumber => new(kind, Find(message, ControllerHello.StoreIdFieldNumber) ? message.ReadString() : "", 0),
            ControllerMessage.SnapshotFieldNumber => new(
                kind, Find(message, MeshSnapshot.StoreIdFieldNumber) ? message.ReadString() : "",
                Find(message, MeshSnapshot.RevisionFieldNumber) ? message.ReadInt64() : 0),
            ControllerMessage.DeltaFieldNumber => new(kind, "", Find(message, MeshDelta.RevisionFieldNumber) ? message.ReadInt64() : 0),
            _ => new(kind, "", 0),
        };
    }

    private static bool Find(CodedInputStream message, int field)
    {
        for (var tag = message.ReadTag(); tag != 0; tag = message.ReadTag())
        {
            if (WireFormat.GetTagFieldNumber(tag) == field)
                return true;
            message.SkipLastField();
        }
        return false;
    }
}
