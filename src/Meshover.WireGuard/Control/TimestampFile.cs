using Meshover.WireGuard.Noise;
using Microsoft.Extensions.Logging;

namespace Meshover.WireGuard.Control;

/// <summary>The handshake timestamps' high-water mark in a file: the 12 bytes of the label.</summary>
internal sealed partial class TimestampFile(string path, ILogger logger) : ITai64nStore
{
    public Tai64n? Load()
    {
        try
        {
            return StateFile.ReadBytes(path) is { Length: Tai64n.Length } label ? Tai64n.Read(label) : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            LogUnreadable(path, e.Message);
            return null;
        }
    }

    public void Save(Tai64n mark)
    {
        Span<byte> label = stackalloc byte[Tai64n.Length];
        mark.Write(label);
        try
        {
            StateFile.Write(path, label);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            LogUnwritable(path, e.Message);
        }
    }

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "Cannot read {Path}: {Reason}. If the clock was set back, peers refuse our handshakes until it has caught up.")]
    private partial void LogUnreadable(string path, string reason);

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "Cannot write {Path}: {Reason}. After a restart with the clock set back, peers would refuse our handshakes.")]
    private partial void LogUnwritable(string path, string reason);
}
