using System.Diagnostics;

namespace Meshover.Metrics;

/// <summary>What every program tells of its own process, under the names that Prometheus' client libraries use.</summary>
public static class ProcessMetrics
{
    private static readonly Metric Start = new("process_start_time_seconds", MetricType.Gauge, "When the process was started, in seconds since 1970");
    private static readonly Metric Cpu = new("process_cpu_seconds_total", MetricType.Counter, "Processor time that the process has used, in user and system mode");
    private static readonly Metric Memory = new("process_resident_memory_bytes", MetricType.Gauge, "Resident memory of the process");

    public static IReadOnlyList<Metric> All { get; } = [Start, Cpu, Memory];

    public static void Write(ExpositionWriter writer)
    {
        using var self = Process.GetCurrentProcess();
        writer.Single(Start, new DateTimeOffset(self.StartTime).ToUnixTimeMilliseconds() / 1000.0)
            .Single(Cpu, self.TotalProcessorTime.TotalSeconds)
            .Single(Memory, (double)self.WorkingSet64);
    }
}
