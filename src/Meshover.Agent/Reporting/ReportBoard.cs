using System.Threading.Channels;

namespace Meshover.Agent.Reporting;

/// <summary>Holds the newest report. Reports that nobody fetched are overwritten: the stream sends differences to the newest.</summary>
internal sealed class ReportBoard(NodeReport first)
{
    private readonly Channel<bool> _changed = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private NodeReport _newest = first;

    public NodeReport Newest => Volatile.Read(ref _newest);

    public void Post(NodeReport report)
    {
        Volatile.Write(ref _newest, report);
        _changed.Writer.TryWrite(true);
    }

    /// <summary>Ends when a report was posted since the last call.</summary>
    public async Task WaitForChangeAsync(CancellationToken cancellationToken) => await _changed.Reader.ReadAsync(cancellationToken);
}
