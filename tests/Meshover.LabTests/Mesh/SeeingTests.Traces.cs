using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Google.Protobuf;
using Meshover.Lab.Machines;
using Meshover.Lab.Underlays;

namespace Meshover.LabTests.Mesh;

/// <summary>Traces of the control plane's calls, as a collector gets them.</summary>
public sealed partial class SeeingTests
{
    [Fact]
    public async Task Traces_OfAgentAndController_ReachACollector()
    {
        await using var collector = new Collector(_mesh.Controller.Machine);
        var url = $"http://{AddressPlan.Controller4}:{Collector.Port}";
        var node = _mesh.Node(3);
        var settings = _mesh.Controller.Machine.Disk("/etc/meshover/controller.yaml");
        var before = await File.ReadAllTextAsync(settings, _ct);
        (await node.UpAsync(input: null, ["--otlp-endpoint", url], _ct)).Checked();
        await File.WriteAllTextAsync(settings, $"{before}\notlpEndpoint: {url}\n", _ct);
        await RestartControllerAsync();
        try
        {
            await _mesh.SettledAsync(_ct);
            (await AdminAsync("node", "tag", "n3", "traced")).Checked();
            (await AdminAsync("node", "tag", "n3", "--remove", "traced")).Checked();
            await Until.NothingIsMissingAsync("the collector has the agent's call", Patience, () => Task.FromResult(
                collector.Spans.Any(span => span is { Service: "meshover-agent", Name: "meshover.v1.MeshService/Follow", Kind: 3 }) ? null : collector.ToString()), _ct);
            await Until.NothingIsMissingAsync("the collector has the administrator's call and the change that it made", Patience, () => Task.FromResult(
                collector.Spans.FirstOrDefault(span => span is { Service: "meshover-controller", Name: "meshover.v1.AdminService/TagNode", Kind: 2 }) is { } call
                && collector.Spans.Any(span => span.Name == "change node.tag" && span.Trace == call.Trace && span.Parent == call.Id) ? null : collector.ToString()), _ct);
        }
        finally
        {
            await File.WriteAllTextAsync(settings, before, _ct);
            await RestartControllerAsync();
            (await node.UpAsync(input: null, ["--otlp-endpoint", ""], _ct)).Checked();
        }
        await _mesh.SettledAsync(_ct);
    }

    private async Task RestartControllerAsync()
    {
        _mesh.Controller.Kill();
        _mesh.Controller.Serve();
        await _mesh.Controller.WaitAsync(_ct);
    }

    private sealed record Span(string Service, string Name, int Kind, string Trace, string Id, string Parent);

    /// <summary>Takes what OTLP exporters send (opentelemetry-proto, collector/trace/v1: ExportTraceServiceRequest), and answers that all is well.</summary>
    private sealed class Collector : IAsyncDisposable
    {
        public const int Port = 4318;

        private readonly TcpListener _listener;
        private readonly CancellationTokenSource _stop = new();
        private readonly Task _serving;
        private readonly ConcurrentQueue<Span> _spans = [];

        public Collector(Machine machine)
        {
            _listener = machine.InNetwork(() =>
            {
                var listener = new TcpListener(IPAddress.Any, Port);
                listener.Start();
                return listener;
            });
            _serving = ServeAsync();
        }

        public IReadOnlyList<Span> Spans => [.. _spans];

        public override string ToString() => string.Join('\n', _spans);

        public async ValueTask DisposeAsync()
        {
            await _stop.CancelAsync();
            _listener.Stop();
            await _serving;
            _stop.Dispose();
        }

        private async Task ServeAsync()
        {
            var clients = new List<Task>();
            try
            {
                while (true)
                    clients.Add(AnswerAsync(await _listener.AcceptTcpClientAsync(_stop.Token)));
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException or OperationCanceledException)
            {
                await Task.WhenAll(clients);
            }
        }

        private async Task AnswerAsync(TcpClient client)
        {
            using (client)
            {
                try
                {
                    var stream = client.GetStream();
                    while (await HeadAsync(stream) is { } head)
                    {
                        var length = int.Parse(head.Split('\n').Single(line => line.StartsWith("Content-Length:", StringComparison.OrdinalIgnoreCase)).Split(':')[1], System.Globalization.CultureInfo.InvariantCulture);
                        var body = new byte[length];
                        await stream.ReadExactlyAsync(body, _stop.Token);
                        if (head.StartsWith("POST /v1/traces ", StringComparison.Ordinal))
                            Take(body);
                        await stream.WriteAsync("HTTP/1.1 200 OK\r\nContent-Type: application/x-protobuf\r\nContent-Length: 0\r\n\r\n"u8.ToArray(), _stop.Token);
                    }
                }
                catch (Exception e) when (e is IOException or OperationCanceledException)
                {
                    // It went away.
                }
            }
        }

        private async Task<string?> HeadAsync(NetworkStream stream)
        {
            var head = new StringBuilder();
            var one = new byte[1];
            while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
            {
                if (await stream.ReadAsync(one, _stop.Token) == 0)
                    return null;
                head.Append((char)one[0]);
            }
            return head.ToString();
        }

        private void Take(byte[] request)
        {
            foreach (var resource in Fields(request).Where(field => field.Number == 1))
            {
                var service = "";
                foreach (var attribute in Fields(resource.Bytes).Where(field => field.Number == 1).SelectMany(field => Fields(field.Bytes)).Where(field => field.Number == 1))
                {
                    var pair = Fields(attribute.Bytes).ToLookup(field => field.Number);
                    if (Encoding.UTF8.GetString(pair[1].First().Bytes) == "service.name")
                        service = Encoding.UTF8.GetString(Fields(pair[2].First().Bytes).First().Bytes);
                }
                foreach (var span in Fields(resource.Bytes).Where(field => field.Number == 2).SelectMany(field => Fields(field.Bytes)).Where(field => field.Number == 2))
                {
                    var fields = Fields(span.Bytes).ToLookup(field => field.Number);
                    _spans.Enqueue(new Span(service, Encoding.UTF8.GetString(Of(5)), (int)(fields[6].FirstOrDefault()?.Value ?? 0), Convert.ToHexString(Of(1)), Convert.ToHexString(Of(2)), Convert.ToHexString(Of(4))));

                    byte[] Of(int number) => fields[number].FirstOrDefault()?.Bytes ?? [];
                }
            }
        }

        private sealed record Field(int Number, ulong Value, byte[] Bytes);

        /// <summary>One level of a protobuf message.</summary>
        private static List<Field> Fields(byte[] message)
        {
            var (input, fields) = (new CodedInputStream(message), new List<Field>());
            while (input.ReadTag() is var tag and not 0)
            {
                var number = WireFormat.GetTagFieldNumber(tag);
                fields.Add(WireFormat.GetTagWireType(tag) switch
                {
                    WireFormat.WireType.Varint => new Field(number, input.ReadUInt64(), []),
                    WireFormat.WireType.Fixed64 => new Field(number, input.ReadFixed64(), []),
                    WireFormat.WireType.Fixed32 => new Field(number, input.ReadFixed32(), []),
                    _ => new Field(number, 0, input.ReadBytes().ToByteArray()),
                });
            }
            return fields;
        }
    }
}
