using System.Text;
using Meshover.Metrics;
using Xunit;

namespace Meshover.UnitTests.Metrics;

public sealed class ExpositionWriterTests
{
    private static readonly Metric Peers = new("a_peers", MetricType.Gauge, "Peers of it", "site");

    [Fact]
    public void Written_IsTheTextFormat()
    {
        var writer = new ExpositionWriter();
        writer.Begin(Peers).Sample(3, "tokyo").Sample(double.NaN, "a \"b\"\\\n").Single(new Metric("a_bytes_total", MetricType.Counter, "Bytes\nof \\it"), 1.5);
        writer.Begin(new Metric("a_seconds", MetricType.Histogram, "Time")).Histogram([0.5, 1], [2, 1, 4], 9.25);
        Assert.Equal("""
            # HELP a_peers Peers of it
            # TYPE a_peers gauge
            a_peers{site="tokyo"} 3
            a_peers{site="a \"b\"\\\n"} NaN
            # HELP a_bytes_total Bytes\nof \\it
            # TYPE a_bytes_total counter
            a_bytes_total 1.5
            # HELP a_seconds Time
            # TYPE a_seconds histogram
            a_seconds_bucket{le="0.5"} 2
            a_seconds_bucket{le="1"} 3
            a_seconds_bucket{le="+Inf"} 7
            a_seconds_sum 9.25
            a_seconds_count 7

            """, Text(writer));
        Assert.Equal(8, writer.Series);
    }

    [Fact]
    public void MetricWithoutASample_IsNotWritten() => Assert.Equal("", Text(new ExpositionWriter().Begin(Peers).Single(new Metric("b", MetricType.Gauge, "B"), (double?)null)));

    [Fact]
    public void Begin_TheSameAgain_IsAnError_SinceItsSamplesMustStandTogether() =>
        Assert.Throws<InvalidOperationException>(() => new ExpositionWriter().Begin(Peers).Begin(Peers));

    [Fact]
    public void Sample_WithAnotherNumberOfLabels_IsAnError() => Assert.Throws<ArgumentException>(() => new ExpositionWriter().Begin(Peers).Sample(1));

    [Theory]
    [InlineData("a-b", MetricType.Gauge, "x")]
    [InlineData("1a", MetricType.Gauge, "x")]
    [InlineData("bytes", MetricType.Counter, "x")]
    [InlineData("bytes_total", MetricType.Gauge, "x")]
    [InlineData("bytes", MetricType.Gauge, "__x")]
    [InlineData("bytes", MetricType.Gauge, "le")]
    public void Metric_AgainstTheConventions_CannotBeMade(string name, MetricType type, string label) =>
        Assert.Throws<ArgumentException>(() => new Metric(name, type, "help", label));

    [Fact]
    public void Text_ThatIsNoUnicode_StaysUtf8() =>
        Assert.Contains("\ufffd", new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(new ExpositionWriter().Begin(Peers).Sample(1, "\ud800").Written.Span), StringComparison.Ordinal);

    private static string Text(ExpositionWriter writer) => Encoding.UTF8.GetString(writer.Written.Span).ReplaceLineEndings("\n");
}
