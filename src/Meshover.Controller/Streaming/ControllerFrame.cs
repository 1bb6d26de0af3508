using Google.Protobuf;
using Meshover.Contract.V1;

namespace Meshover.Controller.Streaming;

/// <summary>A <see cref="ControllerMessage"/> that is already serialised, so that many streams can share it.</summary>
internal sealed class ControllerFrame
{
    private ControllerFrame(byte[] bytes) => Bytes = bytes;

    public byte[] Bytes { get; }

    public static ControllerFrame Of(ControllerMessage message) => new(message.ToByteArray());
}
