namespace Meshover.Metrics;

public enum MetricType
{
    Gauge,
    Counter,
    Histogram,
}

/// <summary>
/// One metric by the conventions of Prometheus (https://prometheus.io/docs/practices/naming/): base units, a counter ends in <c>_total</c>, and nothing else
/// does.
/// </summary>
public sealed record Metric
{
    /// <param name="name">Such as <c>meshover_peers</c>.</param>
    /// <param name="type">Of its values.</param>
    /// <param name="help">A sentence without an end mark.</param>
    /// <param name="labels">The names of its labels, in the order of their values.</param>
    /// <exception cref="ArgumentException">A name is none.</exception>
    public Metric(string name, MetricType type, string help, params string[] labels)
    {
        if (!IsName(name) || (type == MetricType.Counter) != name.EndsWith("_total", StringComparison.Ordinal))
            throw new ArgumentException($"\"{name}\" is not the name of a {type}.", nameof(name));
        // Two underscores at the beginning are Prometheus' own.
        if (labels.FirstOrDefault(label => !IsName(label) || label.StartsWith("__", StringComparison.Ordinal) || label is "le" or "quantile") is { } wrong)
            throw new ArgumentException($"\"{wrong}\" is not the name of a label.", nameof(labels));
        (Name, Type, Help, Labels) = (name, type, help, labels);
    }

    public string Name { get; }
    public MetricType Type { get; }
    public string Help { get; }
    public IReadOnlyList<string> Labels { get; }

    // The data model allows a metric colons, too; those are for what rules record.
    private static bool IsName(string text) => text.Length > 0 && !char.IsAsciiDigit(text[0]) && text.All(c => char.IsAsciiLetterOrDigit(c) || c == '_');
}
