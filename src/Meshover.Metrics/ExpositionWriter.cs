using System.Buffers;
using System.Buffers.Text;
using System.Globalization;
using System.Text;

namespace Meshover.Metrics;

/// <summary>
/// Writes Prometheus' text format, version 0.0.4 (https://prometheus.io/docs/instrumenting/exposition_formats/): for each metric its HELP and TYPE, then
/// its samples, one a line:
/// <code>
/// # HELP meshover_peers Peers that the map names
/// # TYPE meshover_peers gauge
/// meshover_peers{site="tokyo"} 3
/// </code>
/// </summary>
public sealed class ExpositionWriter
{
    public const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    private readonly ArrayBufferWriter<byte> _out = new(16 * 1024);
    private readonly HashSet<string> _begun = new(StringComparer.Ordinal);
    private Metric? _open;
    private bool _isHeadWritten;

    /// <summary>How many samples there are.</summary>
    public int Series { get; private set; }

    public ReadOnlyMemory<byte> Written => _out.WrittenMemory;

    /// <summary>Begins a metric; its samples follow. One without samples is not written.</summary>
    /// <exception cref="InvalidOperationException">It was begun before: the format wants its samples together.</exception>
    public ExpositionWriter Begin(Metric metric)
    {
        if (!_begun.Add(metric.Name))
            throw new InvalidOperationException($"{metric.Name} was begun before.");
        _open = metric;
        _isHeadWritten = false;
        return this;
    }

    /// <summary>A metric that has one sample.</summary>
    public ExpositionWriter Single(Metric metric, double value, params ReadOnlySpan<string> labels) => Begin(metric).Sample(value, labels);

    /// <summary>The same of one whose value may not be known: no sample then.</summary>
    public ExpositionWriter Single(Metric metric, double? value)
    {
        Begin(metric);
        return value is { } known ? Sample(known) : this;
    }

    /// <param name="value">NaN and the infinities are allowed.</param>
    /// <param name="labels">The values of the metric's labels.</param>
    public ExpositionWriter Sample(double value, params ReadOnlySpan<string> labels)
    {
        Line("", value, labels, bound: null);
        return this;
    }

    /// <summary>A histogram's samples: a bucket each, cumulated here, then sum and count.</summary>
    public ExpositionWriter Histogram(ReadOnlySpan<double> bounds, ReadOnlySpan<long> counts, double sum)
    {
        long all = 0;
        for (var i = 0; i < counts.Length; i++)
            Line("_bucket", all += counts[i], [], i < bounds.Length ? bounds[i].ToString(CultureInfo.InvariantCulture) : "+Inf");
        Line("_sum", sum, [], bound: null);
        Line("_count", all, [], bound: null);
        return this;
    }

    private void Line(string suffix, double value, ReadOnlySpan<string> labels, string? bound)
    {
        var metric = _open ?? throw new InvalidOperationException("A sample needs its metric first.");
        if (labels.Length != metric.Labels.Count)
            throw new ArgumentException($"{metric.Name} has {metric.Labels.Count} labels, not {labels.Length}.", nameof(labels));
        if (!_isHeadWritten)
            Head(metric);
        Raw(metric.Name);
        Raw(suffix);
        for (var i = 0; i < labels.Length; i++)
            Label(i == 0 ? "{" : ",", metric.Labels[i], labels[i]);
        if (bound is not null)
            Label(labels.Length == 0 ? "{" : ",", "le", bound);
        Raw(labels.Length > 0 || bound is not null ? "} " : " ");
        Number(value);
        Raw("\n");
        Series++;
    }

    private void Head(Metric metric)
    {
        _isHeadWritten = true;
        Raw($"# HELP {metric.Name} {metric.Help.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal)}\n");
        Raw($"# TYPE {metric.Name} {metric.Type switch { MetricType.Counter => "counter", MetricType.Histogram => "histogram", _ => "gauge" }}\n");
    }

    private void Label(string before, string name, string value)
    {
        Raw(before);
        Raw(name);
        Raw("=\"");
        Escaped(value);
        Raw("\"");
    }

    private void Escaped(string value)
    {
        if (value.AsSpan().IndexOfAny('\\', '"', '\n') < 0)
            Raw(value);
        else
            Raw(value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal));
    }

    private void Number(double value)
    {
        if (double.IsFinite(value))
        {
            var span = _out.GetSpan(32);
            Utf8Formatter.TryFormat(value, span, out var written);
            _out.Advance(written);
        }
        else
        {
            Raw(double.IsNaN(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf");
        }
    }

    // Half of a surrogate pair becomes U+FFFD: what is written is UTF-8 always.
    private void Raw(string text) => Encoding.UTF8.GetBytes(text, _out);
}
