using Meshover.WireGuard.Noise;
using Microsoft.Extensions.Logging;

namespace Meshover.WireGuard.Control;

/// <summary>The handshake timestamps' high-water mark in a file: the 12 bytes of the label.</summary>
internal sealed partial class TimestampFile : ITai64nStore
{
    private readonly string _path;
    private readonly ILogger _logger;
    private readonly DiskWriter<byte[]> _writer;
    private bool _isLate;

    public TimestampFile(string path, ILogger logger)
    {
        _path = path;
        _logger = logger;
        _writer = new DiskWriter<byte[]>(WriteNow);
    }

    public Tai64n? Load()
    {
        try
        {
            return StateFile.ReadBytes(_path) is { Length: Tai64n.Length } label ? Tai64n.Read(label) : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            LogUnreadable(_path, e.Message);
            return null;
        }
    }

    public void Save(Tai64n mark)
    {
        var label = new byte[Tai64n.Length];
        mark.Write(label);
        var wasLate = _isLate;
        _isLate = !_writer.Write(label);
        if (_isLate && !wasLate)
            LogLate(_path);
    }

    /// <summary>Waits until the mark is written. False: the disk takes longer than that.</summary>
    public bool Flush(TimeSpan atMost) => _writer.Flush(atMost);

    private void WriteNow(byte[] label)
    {
        try
        {
            StateFile.Write(_path, label);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            LogUnwritable(_path, e.Message);
        }
    }

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "Cannot read {Path}: {Reason}. If the clock was set back, peers refuse our handshakes until it has caught up.")]
    private partial void LogUnreadable(string path, string reason);

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "{Path} is still waiting for its disk to take what was written before. Handshakes go on without it; after a restart with "
            + "the clock set back, peers would refuse them.")]
    private partial void LogLate(string path);

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "Cannot write {Path}: {Reason}. After a restart with the clock set back, peers would refuse our handshakes.")]
    private partial void LogUnwritable(string path, string reason);
}
